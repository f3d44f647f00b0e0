"""Whether anybody has taken this Regie over; how many may watch a source."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("sources", sa.Column("max_viewers", sa.Integer(), nullable=False, server_default="0"))
    op.execute(
        "INSERT INTO meta (key, value) SELECT 'claimed', CASE WHEN EXISTS (SELECT 1 FROM sessions) "
        "OR EXISTS (SELECT 1 FROM tokens) OR EXISTS (SELECT 1 FROM links WHERE uses_left = 0) "
        "THEN 'yes' ELSE 'no' END"
    )


def downgrade() -> None:
    op.execute("DELETE FROM meta WHERE key = 'claimed'")
    with op.batch_alter_table("sources") as sources:
        sources.drop_column("max_viewers")
