"""Which versions appeared in the traffic, and which changes are known from that alone."""

import sqlalchemy as sa
from alembic import op

revision = "r0005"
down_revision = "r0004"


def upgrade() -> None:
    """Make the table, and the column."""
    op.create_table(
        "appearance",
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("service", "environment", "version", name="pk_appearance"),
    )
    told = sa.Column("origin", sa.String(16), nullable=False, server_default="told")
    op.add_column("change", told)
