"""Incidents are acknowledged, and keep a timeline."""

import sqlalchemy as sa
from alembic import op

revision = "r0009"
down_revision = "r0008"


def upgrade() -> None:
    """Add the columns, and make the table."""
    for column in (
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_by", sa.String(), nullable=True),
    ):
        op.add_column("incident", column)
    op.create_table(
        "happening",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("objective", sa.String(), nullable=False),
        sa.Column("notice", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incident.id"], name="fk_happening_incident"),
        sa.PrimaryKeyConstraint("id", name="pk_happening"),
    )
    op.create_index("ix_happening_incident", "happening", ["incident"])
