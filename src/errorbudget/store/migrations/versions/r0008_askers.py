"""Everybody who ever asked about a change, and the key that signed an answer."""

import sqlalchemy as sa
from alembic import op

revision = "r0008"
down_revision = "r0007"


def upgrade() -> None:
    """Make the table, and the column."""
    op.create_table(
        "asker",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("digest", "person", name="pk_asker"),
    )
    op.add_column(
        "statement", sa.Column("key", sa.String(), nullable=False, server_default=sa.text("''"))
    )
