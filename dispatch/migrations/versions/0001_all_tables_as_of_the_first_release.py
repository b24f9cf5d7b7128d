"""All tables as of the first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0001"
down_revision = None


def upgrade() -> None:
    """All tables as of the first release."""
    _api_keys()
    _audit()
    _audit_head()
    _carrier_ranges()
    _cases()
    _document_numbers()
    _document_types()
    _failure_counts()
    _idempotent_answers()
    _issue_batches()
    _log_head()
    _log_leaves()
    _manifests()
    _number_counters()
    _outbox()
    _points()
    _range_numbers()
    _users()
    _case_search()
    _consignments()
    _holds()
    _issue_batch_items()
    _login_sessions()
    _notices()
    _private_links()
    _documents()
    _manifest_items()
    _scan_events()
    _waybills()
    _validity_requests()


def _api_keys() -> None:
    op.create_table('api_keys',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('key_hash', sa.String(length=64), nullable=False),
    sa.Column('scopes', sa.String(length=200), nullable=False),
    sa.Column('office', sa.String(length=12), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_keys')),
    sa.UniqueConstraint('key_hash', name=op.f('uq_api_keys_key_hash')),
    sa.UniqueConstraint('name', name=op.f('uq_api_keys_name'))
    )


def _audit() -> None:
    op.create_table('audit',
    sa.Column('seq', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor', sa.String(length=120), nullable=False),
    sa.Column('action', sa.String(length=40), nullable=False),
    sa.Column('object_kind', sa.String(length=20), nullable=False),
    sa.Column('object_id', sa.String(length=40), nullable=False),
    sa.Column('detail', sa.String(length=1000), nullable=False),
    sa.Column('prev_hash', sa.LargeBinary(), nullable=False),
    sa.Column('hash', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_audit'))
    )
    op.create_index('ix_audit_object', 'audit', ['object_kind', 'object_id'], unique=False)


def _audit_head() -> None:
    op.create_table('audit_head',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('hash', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_head'))
    )


def _carrier_ranges() -> None:
    op.create_table('carrier_ranges',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('carrier', sa.String(length=20), nullable=False),
    sa.Column('prefix', sa.String(length=4), nullable=False),
    sa.Column('suffix', sa.String(length=4), nullable=False),
    sa.Column('first', sa.BigInteger(), nullable=False),
    sa.Column('last', sa.BigInteger(), nullable=False),
    sa.Column('next', sa.BigInteger(), nullable=False),
    sa.Column('imported_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('imported_by', sa.String(length=120), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_carrier_ranges'))
    )
    op.create_index(op.f('ix_carrier_ranges_carrier'), 'carrier_ranges', ['carrier'], unique=False)


def _cases() -> None:
    op.create_table('cases',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('acceptance_no', sa.String(length=40), nullable=False),
    sa.Column('content_hash', sa.String(length=64), nullable=False),
    sa.Column('source', sa.String(length=8), nullable=False),
    sa.Column('entered_by', sa.String(length=120), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('item_code', sa.String(length=40), nullable=False),
    sa.Column('item_name', sa.String(length=120), nullable=False),
    sa.Column('sensitive', sa.Boolean(), nullable=False),
    sa.Column('department_name', sa.String(length=80), nullable=False),
    sa.Column('division_code', sa.String(length=12), nullable=False),
    sa.Column('decision', sa.String(length=8), nullable=False),
    sa.Column('method', sa.String(length=12), nullable=False),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('promise_due', sa.Date(), nullable=False),
    sa.Column('delivery_due', sa.Date(), nullable=False),
    sa.Column('due_provisional', sa.Boolean(), nullable=False),
    sa.Column('next_due', sa.Date(), nullable=False),
    sa.Column('person_key', sa.LargeBinary(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('issued_by', sa.String(length=120), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('cancelled_reason', sa.String(length=400), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cases')),
    sa.UniqueConstraint('acceptance_no', name=op.f('uq_cases_acceptance_no'))
    )
    op.create_index(op.f('ix_cases_division_code'), 'cases', ['division_code'], unique=False)
    op.create_index('ix_cases_worklist', 'cases', ['state', 'division_code', 'next_due'], unique=False)


def _document_numbers() -> None:
    op.create_table('document_numbers',
    sa.Column('department_name', sa.String(length=80), nullable=False),
    sa.Column('title', sa.String(length=80), nullable=False),
    sa.Column('number', sa.String(length=80), nullable=False),
    sa.Column('copy', sa.String(length=20), nullable=False),
    sa.Column('origin', sa.String(length=8), nullable=False),
    sa.Column('document_id', sa.String(length=16), nullable=False),
    sa.Column('year', sa.Integer(), nullable=True),
    sa.Column('value', sa.Integer(), nullable=True),
    sa.PrimaryKeyConstraint('department_name', 'title', 'number', 'copy', name=op.f('pk_document_numbers'))
    )
    op.create_index(op.f('ix_document_numbers_document_id'), 'document_numbers', ['document_id'], unique=False)


def _document_types() -> None:
    op.create_table('document_types',
    sa.Column('type_no', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('title', sa.String(length=80), nullable=False),
    sa.PrimaryKeyConstraint('type_no', name=op.f('pk_document_types')),
    sa.UniqueConstraint('title', name=op.f('uq_document_types_title'))
    )


def _failure_counts() -> None:
    op.create_table('failure_counts',
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('key', sa.LargeBinary(), nullable=False),
    sa.Column('window', sa.String(length=16), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('kind', 'key', 'window', name=op.f('pk_failure_counts'))
    )


def _idempotent_answers() -> None:
    op.create_table('idempotent_answers',
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('body_hash', sa.String(length=64), nullable=False),
    sa.Column('status', sa.Integer(), nullable=False),
    sa.Column('answer', sa.LargeBinary(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_idempotent_answers'))
    )


def _issue_batches() -> None:
    op.create_table('issue_batches',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('actor', sa.String(length=120), nullable=False),
    sa.Column('office', sa.String(length=12), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_issue_batches'))
    )


def _log_head() -> None:
    op.create_table('log_head',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('frontier', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_log_head'))
    )


def _log_leaves() -> None:
    op.create_table('log_leaves',
    sa.Column('index', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('kind', sa.Integer(), nullable=False),
    sa.Column('data', sa.LargeBinary(), nullable=False),
    sa.Column('document_id', sa.String(length=16), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('index', name=op.f('pk_log_leaves'))
    )
    op.create_index(op.f('ix_log_leaves_document_id'), 'log_leaves', ['document_id'], unique=False)


def _manifests() -> None:
    op.create_table('manifests',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('list_no', sa.String(length=24), nullable=False),
    sa.Column('division_code', sa.String(length=12), nullable=False),
    sa.Column('carrier', sa.String(length=20), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.String(length=120), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_manifests')),
    sa.UniqueConstraint('list_no', name=op.f('uq_manifests_list_no'))
    )


def _number_counters() -> None:
    op.create_table('number_counters',
    sa.Column('department_name', sa.String(length=80), nullable=False),
    sa.Column('title', sa.String(length=80), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('last', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('department_name', 'title', 'year', name=op.f('pk_number_counters'))
    )


def _outbox() -> None:
    op.create_table('outbox',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('step', sa.String(length=40), nullable=False),
    sa.Column('subject', sa.String(length=40), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('token', sa.String(length=26), nullable=True),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('error', sa.String(length=400), nullable=False),
    sa.Column('parked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox'))
    )
    op.create_index('ix_outbox_due', 'outbox', ['due_at'], unique=False, sqlite_where=sa.text('done_at IS NULL AND parked_at IS NULL'), postgresql_where=sa.text('done_at IS NULL AND parked_at IS NULL'))
    op.create_index('uq_outbox_open', 'outbox', ['step', 'subject'], unique=True, sqlite_where=sa.text('done_at IS NULL'), postgresql_where=sa.text('done_at IS NULL'))


def _points() -> None:
    op.create_table('points',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('division_code', sa.String(length=12), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('confirmed', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_points')),
    sa.UniqueConstraint('division_code', 'name', name=op.f('uq_points_division_code'))
    )


def _range_numbers() -> None:
    op.create_table('range_numbers',
    sa.Column('carrier', sa.String(length=20), nullable=False),
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('order_no', sa.String(length=40), nullable=False),
    sa.Column('taken_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('carrier', 'number', name=op.f('pk_range_numbers')),
    sa.UniqueConstraint('order_no', name=op.f('uq_range_numbers_order_no'))
    )


def _users() -> None:
    op.create_table('users',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('role', sa.String(length=12), nullable=False),
    sa.Column('office', sa.String(length=12), nullable=False),
    sa.Column('password_hash', sa.String(length=300), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('demo', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_users')),
    sa.UniqueConstraint('name', name=op.f('uq_users_name'))
    )


def _case_search() -> None:
    op.create_table('case_search',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('case_id', sa.String(length=26), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('key', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_case_search_case_id_cases'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_search'))
    )
    op.create_index(op.f('ix_case_search_case_id'), 'case_search', ['case_id'], unique=False)
    op.create_index('ix_case_search_key', 'case_search', ['key'], unique=False)


def _consignments() -> None:
    op.create_table('consignments',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('direction', sa.String(length=3), nullable=False),
    sa.Column('division_code', sa.String(length=12), nullable=False),
    sa.Column('method', sa.String(length=12), nullable=False),
    sa.Column('carrier', sa.String(length=20), nullable=False),
    sa.Column('state', sa.String(length=24), nullable=False),
    sa.Column('base_state', sa.String(length=24), nullable=False),
    sa.Column('state_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('envelope_key', sa.LargeBinary(), nullable=False),
    sa.Column('recipient', sa.LargeBinary(), nullable=False),
    sa.Column('payer', sa.String(length=12), nullable=False),
    sa.Column('point_id', sa.String(length=26), nullable=True),
    sa.Column('order_no', sa.String(length=40), nullable=False),
    sa.Column('sort_code', sa.String(length=40), nullable=False),
    sa.Column('label_blob', sa.String(length=120), nullable=True),
    sa.Column('shelf_place', sa.String(length=20), nullable=False),
    sa.Column('delivery_code', sa.LargeBinary(), nullable=True),
    sa.Column('flag', sa.String(length=400), nullable=True),
    sa.Column('packed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['point_id'], ['points.id'], name=op.f('fk_consignments_point_id_points')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consignments')),
    sa.UniqueConstraint('order_no', name=op.f('uq_consignments_order_no'))
    )
    op.create_index(op.f('ix_consignments_envelope_key'), 'consignments', ['envelope_key'], unique=False)
    op.create_index('ix_consignments_worklist', 'consignments', ['state', 'division_code'], unique=False)


def _holds() -> None:
    op.create_table('holds',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('case_id', sa.String(length=26), nullable=False),
    sa.Column('reason', sa.String(length=400), nullable=False),
    sa.Column('placed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('placed_by', sa.String(length=120), nullable=False),
    sa.Column('lifted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lifted_by', sa.String(length=120), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_holds_case_id_cases')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_holds'))
    )
    op.create_index(op.f('ix_holds_case_id'), 'holds', ['case_id'], unique=False)


def _issue_batch_items() -> None:
    op.create_table('issue_batch_items',
    sa.Column('batch_id', sa.String(length=26), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('acceptance_no', sa.String(length=40), nullable=False),
    sa.Column('outcome', sa.String(length=40), nullable=False),
    sa.Column('detail', sa.String(length=400), nullable=False),
    sa.ForeignKeyConstraint(['batch_id'], ['issue_batches.id'], name=op.f('fk_issue_batch_items_batch_id_issue_batches')),
    sa.PrimaryKeyConstraint('batch_id', 'position', name=op.f('pk_issue_batch_items'))
    )


def _login_sessions() -> None:
    op.create_table('login_sessions',
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('user_id', sa.String(length=26), nullable=False),
    sa.Column('csrf', sa.String(length=43), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_seen', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_login_sessions_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_login_sessions'))
    )
    op.create_index(op.f('ix_login_sessions_user_id'), 'login_sessions', ['user_id'], unique=False)


def _notices() -> None:
    op.create_table('notices',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('case_id', sa.String(length=26), nullable=False),
    sa.Column('consignment_id', sa.String(length=26), nullable=True),
    sa.Column('occasion', sa.String(length=40), nullable=False),
    sa.Column('to', sa.LargeBinary(), nullable=False),
    sa.Column('text', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_notices_case_id_cases')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notices'))
    )
    op.create_index(op.f('ix_notices_case_id'), 'notices', ['case_id'], unique=False)


def _private_links() -> None:
    op.create_table('private_links',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('case_id', sa.String(length=26), nullable=False),
    sa.Column('key', sa.LargeBinary(), nullable=False),
    sa.Column('secret', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_private_links_case_id_cases')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_private_links')),
    sa.UniqueConstraint('case_id', name=op.f('uq_private_links_case_id')),
    sa.UniqueConstraint('key', name=op.f('uq_private_links_key'))
    )


def _documents() -> None:
    op.create_table('documents',
    sa.Column('id', sa.String(length=16), nullable=False),
    sa.Column('case_id', sa.String(length=26), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('source', sa.String(length=8), nullable=False),
    sa.Column('title', sa.String(length=80), nullable=False),
    sa.Column('type_no', sa.Integer(), nullable=True),
    sa.Column('copy', sa.String(length=20), nullable=False),
    sa.Column('department_name', sa.String(length=80), nullable=False),
    sa.Column('number', sa.String(length=80), nullable=True),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('reason', sa.String(length=400), nullable=True),
    sa.Column('live', sa.Boolean(), nullable=False),
    sa.Column('holder_key', sa.LargeBinary(), nullable=False),
    sa.Column('recipient_key', sa.LargeBinary(), nullable=False),
    sa.Column('signer_policy', sa.String(length=12), nullable=False),
    sa.Column('denial', sa.Boolean(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_until', sa.Date(), nullable=True),
    sa.Column('issued_on', sa.Date(), nullable=True),
    sa.Column('record', sa.LargeBinary(), nullable=True),
    sa.Column('token_body', sa.LargeBinary(), nullable=True),
    sa.Column('token_kid', sa.Integer(), nullable=True),
    sa.Column('signature', sa.LargeBinary(), nullable=True),
    sa.Column('log_index', sa.Integer(), nullable=True),
    sa.Column('pdf_sha256', sa.String(length=64), nullable=True),
    sa.Column('pdf_blob', sa.String(length=120), nullable=True),
    sa.Column('file_sha256', sa.String(length=64), nullable=True),
    sa.Column('file_blob', sa.String(length=120), nullable=True),
    sa.Column('consignment_id', sa.String(length=26), nullable=True),
    sa.Column('replaced_by', sa.String(length=16), nullable=True),
    sa.Column('valid_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('packed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('packed_by', sa.String(length=120), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_documents_case_id_cases')),
    sa.ForeignKeyConstraint(['consignment_id'], ['consignments.id'], name=op.f('fk_documents_consignment_id_consignments')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_documents')),
    sa.UniqueConstraint('log_index', name=op.f('uq_documents_log_index'))
    )
    op.create_index(op.f('ix_documents_case_id'), 'documents', ['case_id'], unique=False)
    op.create_index(op.f('ix_documents_consignment_id'), 'documents', ['consignment_id'], unique=False)
    op.create_index(op.f('ix_documents_file_sha256'), 'documents', ['file_sha256'], unique=False)
    op.create_index(op.f('ix_documents_number'), 'documents', ['number'], unique=False)
    op.create_index(op.f('ix_documents_pdf_sha256'), 'documents', ['pdf_sha256'], unique=False)
    op.create_index('uq_documents_live', 'documents', ['case_id', 'title', 'copy', 'holder_key', 'recipient_key'], unique=True, sqlite_where=sa.text('live'), postgresql_where=sa.text('live'))


def _manifest_items() -> None:
    op.create_table('manifest_items',
    sa.Column('manifest_id', sa.String(length=26), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('consignment_id', sa.String(length=26), nullable=False),
    sa.ForeignKeyConstraint(['consignment_id'], ['consignments.id'], name=op.f('fk_manifest_items_consignment_id_consignments')),
    sa.ForeignKeyConstraint(['manifest_id'], ['manifests.id'], name=op.f('fk_manifest_items_manifest_id_manifests')),
    sa.PrimaryKeyConstraint('manifest_id', 'position', name=op.f('pk_manifest_items'))
    )
    op.create_index(op.f('ix_manifest_items_consignment_id'), 'manifest_items', ['consignment_id'], unique=False)


def _scan_events() -> None:
    op.create_table('scan_events',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('scan_id', sa.String(length=64), nullable=False),
    sa.Column('content_hash', sa.String(length=64), nullable=False),
    sa.Column('consignment_id', sa.String(length=26), nullable=True),
    sa.Column('action', sa.String(length=24), nullable=False),
    sa.Column('occurred_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('corrected_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('source', sa.String(length=12), nullable=False),
    sa.Column('source_rank', sa.Integer(), nullable=False),
    sa.Column('actor', sa.String(length=120), nullable=False),
    sa.Column('reason', sa.String(length=24), nullable=False),
    sa.Column('signer_allowed', sa.Boolean(), nullable=False),
    sa.Column('particulars', sa.LargeBinary(), nullable=True),
    sa.Column('outcome', sa.String(length=12), nullable=False),
    sa.Column('detail', sa.String(length=400), nullable=False),
    sa.ForeignKeyConstraint(['consignment_id'], ['consignments.id'], name=op.f('fk_scan_events_consignment_id_consignments')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_scan_events')),
    sa.UniqueConstraint('scan_id', name=op.f('uq_scan_events_scan_id'))
    )
    op.create_index(op.f('ix_scan_events_consignment_id'), 'scan_events', ['consignment_id'], unique=False)


def _waybills() -> None:
    op.create_table('waybills',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('consignment_id', sa.String(length=26), nullable=False),
    sa.Column('carrier', sa.String(length=20), nullable=False),
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('bound_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('voided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('void_reason', sa.String(length=200), nullable=True),
    sa.ForeignKeyConstraint(['consignment_id'], ['consignments.id'], name=op.f('fk_waybills_consignment_id_consignments')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_waybills')),
    sa.UniqueConstraint('carrier', 'number', name=op.f('uq_waybills_carrier'))
    )
    op.create_index(op.f('ix_waybills_consignment_id'), 'waybills', ['consignment_id'], unique=False)
    op.create_index(op.f('ix_waybills_number'), 'waybills', ['number'], unique=False)
    op.create_index('uq_waybills_active', 'waybills', ['consignment_id'], unique=True, sqlite_where=sa.text('active'), postgresql_where=sa.text('active'))


def _validity_requests() -> None:
    op.create_table('validity_requests',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('document_id', sa.String(length=16), nullable=False),
    sa.Column('act', sa.String(length=12), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('reason', sa.LargeBinary(), nullable=False),
    sa.Column('organ', sa.String(length=120), nullable=False),
    sa.Column('decision_no', sa.String(length=80), nullable=False),
    sa.Column('asked_by', sa.String(length=120), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('confirmed_by', sa.String(length=120), nullable=True),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['document_id'], ['documents.id'], name=op.f('fk_validity_requests_document_id_documents')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_validity_requests'))
    )
    op.create_index(op.f('ix_validity_requests_document_id'), 'validity_requests', ['document_id'], unique=False)
