"""What was printed, and codes on paper."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0002"
down_revision = '0001'


def upgrade() -> None:
    """What was printed, and codes on paper."""
    _print_batches()
    _paper_codes()
    _print_items()


def _print_batches() -> None:
    op.create_table('print_batches',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('actor', sa.String(length=120), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_print_batches'))
    )


def _paper_codes() -> None:
    op.create_table('paper_codes',
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('document_id', sa.String(length=16), nullable=False),
    sa.Column('bound_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('bound_by', sa.String(length=120), nullable=False),
    sa.ForeignKeyConstraint(['document_id'], ['documents.id'], name=op.f('fk_paper_codes_document_id_documents'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_paper_codes'))
    )
    with op.batch_alter_table('paper_codes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_paper_codes_document_id'), ['document_id'], unique=False)


def _print_items() -> None:
    op.create_table('print_items',
    sa.Column('batch_id', sa.String(length=26), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('document_id', sa.String(length=16), nullable=False),
    sa.Column('outcome', sa.String(length=8), nullable=False),
    sa.ForeignKeyConstraint(['batch_id'], ['print_batches.id'], name=op.f('fk_print_items_batch_id_print_batches')),
    sa.ForeignKeyConstraint(['document_id'], ['documents.id'], name=op.f('fk_print_items_document_id_documents')),
    sa.PrimaryKeyConstraint('batch_id', 'position', name=op.f('pk_print_items'))
    )
    with op.batch_alter_table('print_items', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_print_items_document_id'), ['document_id'], unique=False)
