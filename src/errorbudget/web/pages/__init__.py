"""Pages for people: server-rendered, readable without JavaScript; one file a page.

A page takes the same values that commands print, and says in its first line, in words, what they
come to. Templates hold no arithmetic.
"""
