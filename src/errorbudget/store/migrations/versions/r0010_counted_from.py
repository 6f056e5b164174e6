"""From which minute on each series could be counted: what came before was no longer kept."""

import sqlalchemy as sa
from alembic import op

revision = "r0010"
down_revision = "r0009"


def upgrade() -> None:
    """Add the column."""
    op.add_column(
        "counted", sa.Column("from_minute", sa.BigInteger(), nullable=False, server_default="0")
    )
