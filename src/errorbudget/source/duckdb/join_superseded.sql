-- Leaves out attempts that were replaced.
anti join ({superseded}) as superseded
    on scoped.batch = superseded.batch and scoped.line = superseded.line
