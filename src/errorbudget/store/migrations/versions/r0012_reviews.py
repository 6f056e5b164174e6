"""Reviews as they were told when their quarter had closed."""

import sqlalchemy as sa
from alembic import op

revision = "r0012"
down_revision = "r0011"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "review",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("quarter", sa.String(6), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", "quarter", name="pk_review"),
    )
