"""Day on paper."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0003"
down_revision = '0002'


def upgrade() -> None:
    """Day on paper."""
    _attachments()
    _blank_counts()
    _blank_forms()
    _blank_receipts()
    _column_mappings()
    _form_counters()
    _handovers()
    _import_files()
    _import_runs()
    _paper_forms()
    _paper_sheets()
    _payer_rules()
    _placements()
    _print_counters()
    _printers()
    _seals()
    _shifts()
    _uploads()
    _case_corrections()
    _charges()
    _electronic_consents()
    _import_chunks()
    _import_faults()
    _label_jobs()
    _manifest_tickets()
    _paper_entries()
    _paper_lines()
    _shift_items()
    _upload_parts()
    _label_job_items()
    _custodies()
    _custody_events()
    _handover_items()
    _red_trays()
    _seal_uses()
    _service_records()
    _consignments()
    _documents()
    _holds()
    _login_sessions()
    _manifest_items()
    _manifests()
    _notices()
    _print_batches()
    _print_items()
    _private_links()
    _users()


def _attachments() -> None:
    op.create_table('attachments',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('subject_kind', sa.String(length=16), nullable=False),
    sa.Column('subject_id', sa.String(length=26), nullable=False),
    sa.Column('division_code', sa.String(length=12), nullable=False),
    sa.Column('media_type', sa.String(length=40), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('blob', sa.String(length=120), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('added_by', sa.String(length=120), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attachments'))
    )
    with op.batch_alter_table('attachments', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_attachments_sha256'), ['sha256'], unique=False)
        batch_op.create_index('ix_attachments_subject', ['subject_kind', 'subject_id'], unique=False)


def _blank_counts() -> None:
    op.create_table('blank_counts',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('office', sa.String(length=12), nullable=False),
    sa.Column('kind', sa.String(length=120), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by', sa.String(length=120), nullable=False),
    sa.Column('second', sa.String(length=120), nullable=False),
    sa.Column('expected', sa.Integer(), nullable=False),
    sa.Column('counted', sa.Integer(), nullable=False),
    sa.Column('missing', sa.Text(), nullable=False),
    sa.Column('extra', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_blank_counts'))
    )
    with op.batch_alter_table('blank_counts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_blank_counts_office'), ['office'], unique=False)


def _blank_forms() -> None:
    op.create_table('blank_forms',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('receipt_id', sa.String(length=26), nullable=False),
    sa.Column('office', sa.String(length=12), nullable=False),
    sa.Column('kind', sa.String(length=120), nullable=False),
    sa.Column('code', sa.String(length=32), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('document_id', sa.String(length=26), nullable=True),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_by', sa.String(length=120), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('second', sa.String(length=120), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_blank_forms')),
    sa.UniqueConstraint('code', name=op.f('uq_blank_forms_code'))
    )
    with op.batch_alter_table('blank_forms', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_blank_forms_document_id'), ['document_id'], unique=False)
        batch_op.create_index('ix_blank_forms_kind', ['kind', 'state', 'code'], unique=False)
        batch_op.create_index(batch_op.f('ix_blank_forms_receipt_id'), ['receipt_id'], unique=False)


def _blank_receipts() -> None:
    op.create_table('blank_receipts',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('office', sa.String(length=12), nullable=False),
    sa.Column('kind', sa.String(length=120), nullable=False),
    sa.Column('prefix', sa.String(length=12), nullable=False),
    sa.Column('first', sa.String(length=16), nullable=False),
    sa.Column('last', sa.String(length=16), nullable=False),
    sa.Column('amount', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=80), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by', sa.String(length=120), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_blank_receipts'))
    )
    with op.batch_alter_table('blank_receipts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_blank_receipts_office'), ['office'], unique=False)


def _column_mappings() -> None:
    op.create_table('column_mappings',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('office', sa.String(length=12), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('fingerprint', sa.String(length=64), nullable=False),
    sa.Column('labels', sa.Text(), nullable=False),
    sa.Column('targets', sa.Text(), nullable=False),
    sa.Column('constants', sa.Text(), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.String(length=120), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_column_mappings')),
    sa.UniqueConstraint('office', 'name', name=op.f('uq_column_mappings_office'))
    )
    with op.batch_alter_table('column_mappings', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_column_mappings_fingerprint'), ['fingerprint'], unique=False)


def _form_counters() -> None:
    op.create_table('form_counters',
    sa.Column('kind', sa.String(length=2), nullable=False),
    sa.Column('day', sa.String(length=8), nullable=False),
    sa.Column('last', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('kind', 'day', name=op.f('pk_form_counters'))
    )


def _handovers() -> None:
    op.create_table('handovers',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('number', sa.String(length=24), nullable=False),
    sa.Column('division_code', sa.String(length=12), nullable=False),
    sa.Column('direction', sa.String(length=4), nullable=False),
    sa.Column('department_name', sa.String(length=80), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('strays', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.String(length=120), nullable=False),
    sa.Column('signed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('signed_how', sa.String(length=8), nullable=False),
    sa.Column('given_by', sa.String(length=120), nullable=False),
    sa.Column('taken_by', sa.String(length=120), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_handovers')),
    sa.UniqueConstraint('number', name=op.f('uq_handovers_number'))
    )
    with op.batch_alter_table('handovers', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_handovers_division_code'), ['division_code'], unique=False)


def _import_files() -> None:
    op.create_table('import_files',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('data', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_files'))
    )


def _import_runs() -> None:
    op.create_table('import_runs',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('actor', sa.String(length=120), nullable=False),
    sa.Column('office', sa.String(length=12), nullable=False),
    sa.Column('survey', sa.LargeBinary(), nullable=False),
    sa.Column('layout', sa.Text(), nullable=False),
    sa.Column('act', sa.String(length=8), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('created', sa.Integer(), nullable=False),
    sa.Column('same', sa.Integer(), nullable=False),
    sa.Column('refused', sa.Integer(), nullable=False),
    sa.Column('problem', sa.String(length=400), nullable=False),
    sa.Column('kept_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_runs'))
    )
    with op.batch_alter_table('import_runs', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_import_runs_actor'), ['actor'], unique=False)


def _paper_forms() -> None:
    op.create_table('paper_forms',
    sa.Column('number', sa.String(length=24), nullable=False),
    sa.Column('kind', sa.String(length=2), nullable=False),
    sa.Column('subject_kind', sa.String(length=16), nullable=False),
    sa.Column('subject_id', sa.String(length=26), nullable=False),
    sa.Column('division_code', sa.String(length=12), nullable=False),
    sa.Column('covers', sa.String(length=1000), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.String(length=120), nullable=False),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_paper_forms'))
    )
    with op.batch_alter_table('paper_forms', schema=None) as batch_op:
        batch_op.create_index('ix_paper_forms_subject', ['subject_kind', 'subject_id'], unique=False)


def _paper_sheets() -> None:
    op.create_table('paper_sheets',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('number', sa.String(length=24), nullable=False),
    sa.Column('division_code', sa.String(length=12), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('blanks', sa.Integer(), nullable=False),
    sa.Column('left_out', sa.Integer(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.String(length=120), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_paper_sheets')),
    sa.UniqueConstraint('number', name=op.f('uq_paper_sheets_number'))
    )
    with op.batch_alter_table('paper_sheets', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_paper_sheets_division_code'), ['division_code'], unique=False)


def _payer_rules() -> None:
    op.create_table('payer_rules',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('division_prefix', sa.String(length=12), nullable=False),
    sa.Column('item_prefix', sa.String(length=40), nullable=False),
    sa.Column('method', sa.String(length=12), nullable=False),
    sa.Column('payer', sa.String(length=12), nullable=False),
    sa.Column('reason', sa.String(length=120), nullable=False),
    sa.Column('set_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('set_by', sa.String(length=120), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payer_rules'))
    )
    with op.batch_alter_table('payer_rules', schema=None) as batch_op:
        batch_op.create_index('uq_payer_rules', ['division_prefix', 'item_prefix', 'method'], unique=True)


def _placements() -> None:
    op.create_table('placements',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('document_id', sa.String(length=16), nullable=False),
    sa.Column('consignment_id', sa.String(length=26), nullable=False),
    sa.Column('placed_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_placements'))
    )
    with op.batch_alter_table('placements', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_placements_consignment_id'), ['consignment_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_placements_document_id'), ['document_id'], unique=False)


def _print_counters() -> None:
    op.create_table('print_counters',
    sa.Column('office', sa.String(length=12), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('last', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('office', 'day', name=op.f('pk_print_counters'))
    )


def _printers() -> None:
    op.create_table('printers',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('office', sa.String(length=12), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('right', sa.Integer(), nullable=False),
    sa.Column('down', sa.Integer(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_by', sa.String(length=120), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_printers')),
    sa.UniqueConstraint('office', 'name', name=op.f('uq_printers_office'))
    )


def _seals() -> None:
    op.create_table('seals',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('department_name', sa.String(length=80), nullable=False),
    sa.Column('division_code', sa.String(length=12), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('source', sa.String(length=200), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_until', sa.Date(), nullable=True),
    sa.Column('titles', sa.String(length=4000), nullable=False),
    sa.Column('keeper', sa.String(length=80), nullable=False),
    sa.Column('registered', sa.Boolean(), nullable=False),
    sa.Column('suspended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('suspended_reason', sa.String(length=200), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.String(length=120), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_seals'))
    )
    with op.batch_alter_table('seals', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_seals_department_name'), ['department_name'], unique=False)
        batch_op.create_index('uq_seals_unregistered', ['department_name', 'division_code', 'kind'], unique=True, sqlite_where=sa.text('NOT registered'), postgresql_where=sa.text('NOT registered'))


def _shifts() -> None:
    op.create_table('shifts',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('number', sa.String(length=24), nullable=False),
    sa.Column('division_code', sa.String(length=12), nullable=False),
    sa.Column('given_by', sa.String(length=120), nullable=False),
    sa.Column('taken_by', sa.String(length=120), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_shifts')),
    sa.UniqueConstraint('number', name=op.f('uq_shifts_number'))
    )
    with op.batch_alter_table('shifts', schema=None) as batch_op:
        batch_op.create_index('ix_shifts_office', ['division_code', 'at'], unique=False)


def _uploads() -> None:
    op.create_table('uploads',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('division_code', sa.String(length=12), nullable=False),
    sa.Column('filename', sa.LargeBinary(), nullable=False),
    sa.Column('media_type', sa.String(length=40), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('blob', sa.String(length=120), nullable=False),
    sa.Column('pages', sa.Integer(), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('added_by', sa.String(length=120), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_uploads'))
    )
    with op.batch_alter_table('uploads', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_uploads_sha256'), ['sha256'], unique=False)


def _case_corrections() -> None:
    op.create_table('case_corrections',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('case_id', sa.String(length=26), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by', sa.String(length=120), nullable=False),
    sa.Column('person', sa.Boolean(), nullable=False),
    sa.Column('changed', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_case_corrections_case_id_cases')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_corrections'))
    )
    with op.batch_alter_table('case_corrections', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_case_corrections_case_id'), ['case_id'], unique=False)


def _charges() -> None:
    op.create_table('charges',
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('ref', sa.String(length=26), nullable=False),
    sa.Column('division_code', sa.String(length=12), nullable=False),
    sa.Column('holder', sa.String(length=120), nullable=False),
    sa.Column('shift_id', sa.String(length=26), nullable=False),
    sa.ForeignKeyConstraint(['shift_id'], ['shifts.id'], name=op.f('fk_charges_shift_id_shifts')),
    sa.PrimaryKeyConstraint('kind', 'ref', name=op.f('pk_charges'))
    )
    with op.batch_alter_table('charges', schema=None) as batch_op:
        batch_op.create_index('ix_charges_holder', ['holder'], unique=False)


def _electronic_consents() -> None:
    op.create_table('electronic_consents',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('case_id', sa.String(length=26), nullable=False),
    sa.Column('particulars', sa.LargeBinary(), nullable=False),
    sa.Column('given_on', sa.Date(), nullable=False),
    sa.Column('form_no', sa.String(length=40), nullable=False),
    sa.Column('attachment_id', sa.String(length=26), nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('recorded_by', sa.String(length=120), nullable=False),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_electronic_consents_case_id_cases')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_electronic_consents'))
    )
    with op.batch_alter_table('electronic_consents', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_electronic_consents_case_id'), ['case_id'], unique=False)


def _import_chunks() -> None:
    op.create_table('import_chunks',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('run_id', sa.String(length=26), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('cases', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['import_runs.id'], name=op.f('fk_import_chunks_run_id_import_runs')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_chunks'))
    )
    with op.batch_alter_table('import_chunks', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_import_chunks_run_id'), ['run_id'], unique=False)


def _import_faults() -> None:
    op.create_table('import_faults',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('run_id', sa.String(length=26), nullable=False),
    sa.Column('line', sa.Integer(), nullable=False),
    sa.Column('facts', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['import_runs.id'], name=op.f('fk_import_faults_run_id_import_runs')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_faults'))
    )
    with op.batch_alter_table('import_faults', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_import_faults_run_id'), ['run_id'], unique=False)


def _label_jobs() -> None:
    op.create_table('label_jobs',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('batch_id', sa.String(length=26), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('actor', sa.String(length=120), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('trouble', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['batch_id'], ['print_batches.id'], name=op.f('fk_label_jobs_batch_id_print_batches')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_label_jobs'))
    )
    with op.batch_alter_table('label_jobs', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_label_jobs_batch_id'), ['batch_id'], unique=False)


def _manifest_tickets() -> None:
    op.create_table('manifest_tickets',
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('manifest_id', sa.String(length=26), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['manifest_id'], ['manifests.id'], name=op.f('fk_manifest_tickets_manifest_id_manifests')),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_manifest_tickets'))
    )
    with op.batch_alter_table('manifest_tickets', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_manifest_tickets_manifest_id'), ['manifest_id'], unique=False)


def _paper_entries() -> None:
    op.create_table('paper_entries',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('sheet_id', sa.String(length=26), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('act', sa.String(length=12), nullable=False),
    sa.Column('happened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('done_by', sa.String(length=120), nullable=False),
    sa.Column('beside', sa.String(length=120), nullable=False),
    sa.Column('particulars', sa.LargeBinary(), nullable=True),
    sa.Column('outcome', sa.String(length=12), nullable=False),
    sa.Column('detail', sa.String(length=400), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('scan_id', sa.String(length=64), nullable=True),
    sa.Column('entered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('entered_by', sa.String(length=120), nullable=False),
    sa.ForeignKeyConstraint(['sheet_id'], ['paper_sheets.id'], name=op.f('fk_paper_entries_sheet_id_paper_sheets')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_paper_entries')),
    sa.UniqueConstraint('sheet_id', 'position', 'act', name=op.f('uq_paper_entries_sheet_id'))
    )
    with op.batch_alter_table('paper_entries', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_paper_entries_scan_id'), ['scan_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_paper_entries_sheet_id'), ['sheet_id'], unique=False)


def _paper_lines() -> None:
    op.create_table('paper_lines',
    sa.Column('sheet_id', sa.String(length=26), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('case_id', sa.String(length=26), nullable=False),
    sa.Column('consignment_id', sa.String(length=26), nullable=True),
    sa.Column('by_hand', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_paper_lines_case_id_cases'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['sheet_id'], ['paper_sheets.id'], name=op.f('fk_paper_lines_sheet_id_paper_sheets')),
    sa.PrimaryKeyConstraint('sheet_id', 'position', name=op.f('pk_paper_lines'))
    )
    with op.batch_alter_table('paper_lines', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_paper_lines_case_id'), ['case_id'], unique=False)


def _shift_items() -> None:
    op.create_table('shift_items',
    sa.Column('shift_id', sa.String(length=26), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('ref', sa.String(length=26), nullable=False),
    sa.Column('acceptance_no', sa.String(length=40), nullable=False),
    sa.Column('what', sa.String(length=160), nullable=False),
    sa.Column('why', sa.String(length=240), nullable=False),
    sa.Column('place', sa.String(length=20), nullable=False),
    sa.Column('owner', sa.String(length=120), nullable=False),
    sa.ForeignKeyConstraint(['shift_id'], ['shifts.id'], name=op.f('fk_shift_items_shift_id_shifts')),
    sa.PrimaryKeyConstraint('shift_id', 'position', name=op.f('pk_shift_items'))
    )
    with op.batch_alter_table('shift_items', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_shift_items_ref'), ['ref'], unique=False)


def _upload_parts() -> None:
    op.create_table('upload_parts',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('upload_id', sa.String(length=26), nullable=False),
    sa.Column('division_code', sa.String(length=12), nullable=False),
    sa.Column('first', sa.Integer(), nullable=False),
    sa.Column('last', sa.Integer(), nullable=False),
    sa.Column('guess', sa.String(length=40), nullable=False),
    sa.Column('reason', sa.String(length=24), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settled_by', sa.String(length=120), nullable=True),
    sa.ForeignKeyConstraint(['upload_id'], ['uploads.id'], name=op.f('fk_upload_parts_upload_id_uploads')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_upload_parts'))
    )
    with op.batch_alter_table('upload_parts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_upload_parts_upload_id'), ['upload_id'], unique=False)
        batch_op.create_index('ix_upload_parts_waiting', ['state', 'division_code'], unique=False)


def _label_job_items() -> None:
    op.create_table('label_job_items',
    sa.Column('job_id', sa.String(length=26), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('consignment_id', sa.String(length=26), nullable=False),
    sa.Column('mark', sa.String(length=32), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['consignment_id'], ['consignments.id'], name=op.f('fk_label_job_items_consignment_id_consignments')),
    sa.ForeignKeyConstraint(['job_id'], ['label_jobs.id'], name=op.f('fk_label_job_items_job_id_label_jobs')),
    sa.PrimaryKeyConstraint('job_id', 'position', name=op.f('pk_label_job_items'))
    )


def _custodies() -> None:
    op.create_table('custodies',
    sa.Column('document_id', sa.String(length=16), nullable=False),
    sa.Column('division_code', sa.String(length=12), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('holder', sa.String(length=120), nullable=False),
    sa.Column('place', sa.String(length=20), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['document_id'], ['documents.id'], name=op.f('fk_custodies_document_id_documents'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('document_id', name=op.f('pk_custodies'))
    )
    with op.batch_alter_table('custodies', schema=None) as batch_op:
        batch_op.create_index('ix_custodies_holder', ['division_code', 'kind', 'holder'], unique=False)


def _custody_events() -> None:
    op.create_table('custody_events',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('document_id', sa.String(length=16), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('act', sa.String(length=16), nullable=False),
    sa.Column('from_kind', sa.String(length=12), nullable=False),
    sa.Column('from_holder', sa.String(length=120), nullable=False),
    sa.Column('to_kind', sa.String(length=12), nullable=False),
    sa.Column('to_holder', sa.String(length=120), nullable=False),
    sa.Column('place', sa.String(length=20), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by', sa.String(length=120), nullable=False),
    sa.Column('beside', sa.String(length=120), nullable=False),
    sa.Column('handover_id', sa.String(length=26), nullable=True),
    sa.ForeignKeyConstraint(['document_id'], ['documents.id'], name=op.f('fk_custody_events_document_id_documents'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_custody_events')),
    sa.UniqueConstraint('document_id', 'seq', name=op.f('uq_custody_events_document_id'))
    )


def _handover_items() -> None:
    op.create_table('handover_items',
    sa.Column('handover_id', sa.String(length=26), nullable=False),
    sa.Column('document_id', sa.String(length=16), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('expected', sa.Boolean(), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('place', sa.String(length=20), nullable=False),
    sa.ForeignKeyConstraint(['document_id'], ['documents.id'], name=op.f('fk_handover_items_document_id_documents'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['handover_id'], ['handovers.id'], name=op.f('fk_handover_items_handover_id_handovers')),
    sa.PrimaryKeyConstraint('handover_id', 'document_id', name=op.f('pk_handover_items'))
    )


def _red_trays() -> None:
    op.create_table('red_trays',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('division_code', sa.String(length=12), nullable=False),
    sa.Column('document_id', sa.String(length=16), nullable=True),
    sa.Column('what', sa.String(length=160), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.Column('place_before', sa.String(length=20), nullable=False),
    sa.Column('put_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('put_by', sa.String(length=120), nullable=False),
    sa.Column('taken_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('taken_by', sa.String(length=120), nullable=True),
    sa.Column('outcome', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['document_id'], ['documents.id'], name=op.f('fk_red_trays_document_id_documents'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_red_trays'))
    )
    with op.batch_alter_table('red_trays', schema=None) as batch_op:
        batch_op.create_index('ix_red_trays_office', ['division_code', 'taken_at'], unique=False)
        batch_op.create_index('uq_red_trays_open', ['document_id'], unique=True, sqlite_where=sa.text('taken_at IS NULL'), postgresql_where=sa.text('taken_at IS NULL'))


def _seal_uses() -> None:
    op.create_table('seal_uses',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('seal_id', sa.String(length=26), nullable=False),
    sa.Column('document_id', sa.String(length=16), nullable=False),
    sa.Column('title', sa.String(length=80), nullable=False),
    sa.Column('acceptance_no', sa.String(length=40), nullable=False),
    sa.Column('division_code', sa.String(length=12), nullable=False),
    sa.Column('sheet', sa.Boolean(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor', sa.String(length=120), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['document_id'], ['documents.id'], name=op.f('fk_seal_uses_document_id_documents')),
    sa.ForeignKeyConstraint(['seal_id'], ['seals.id'], name=op.f('fk_seal_uses_seal_id_seals')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_seal_uses'))
    )
    with op.batch_alter_table('seal_uses', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_seal_uses_division_code'), ['division_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_seal_uses_document_id'), ['document_id'], unique=False)
        batch_op.create_index('ix_seal_uses_seal', ['seal_id', 'at'], unique=False)


def _service_records() -> None:
    op.create_table('service_records',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('case_id', sa.String(length=26), nullable=False),
    sa.Column('document_id', sa.String(length=16), nullable=False),
    sa.Column('division_code', sa.String(length=12), nullable=False),
    sa.Column('method', sa.String(length=16), nullable=False),
    sa.Column('origin', sa.String(length=8), nullable=False),
    sa.Column('consignment_id', sa.String(length=26), nullable=True),
    sa.Column('served_on', sa.Date(), nullable=False),
    sa.Column('needs_receipt', sa.Boolean(), nullable=False),
    sa.Column('recipient', sa.LargeBinary(), nullable=False),
    sa.Column('facts', sa.LargeBinary(), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('recorded_by', sa.String(length=120), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by', sa.String(length=120), nullable=False),
    sa.Column('end_reason', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_service_records_case_id_cases')),
    sa.ForeignKeyConstraint(['document_id'], ['documents.id'], name=op.f('fk_service_records_document_id_documents')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_service_records'))
    )
    with op.batch_alter_table('service_records', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_service_records_case_id'), ['case_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_service_records_consignment_id'), ['consignment_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_service_records_document_id'), ['document_id'], unique=False)
        batch_op.create_index('uq_service_records_system', ['document_id', 'consignment_id'], unique=True, sqlite_where=sa.text("ended_at IS NULL AND origin = 'system'"), postgresql_where=sa.text("ended_at IS NULL AND origin = 'system'"))


def _consignments() -> None:
    with op.batch_alter_table('consignments', schema=None) as batch_op:
        batch_op.add_column(sa.Column('payer_reason', sa.String(length=160), server_default='', nullable=False))


def _documents() -> None:
    with op.batch_alter_table('documents', schema=None) as batch_op:
        batch_op.add_column(sa.Column('proofread_outcome', sa.String(length=8), nullable=True))
        batch_op.add_column(sa.Column('proofread_by', sa.String(length=120), nullable=True))
        batch_op.add_column(sa.Column('proofread_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('proofread_note', sa.LargeBinary(), nullable=True))


def _holds() -> None:
    with op.batch_alter_table('holds', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.String(length=12), server_default='other', nullable=False))
        batch_op.add_column(sa.Column('until', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('outcome', sa.String(length=200), server_default='', nullable=False))


def _login_sessions() -> None:
    with op.batch_alter_table('login_sessions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('locked_at', sa.DateTime(timezone=True), nullable=True))


def _manifest_items() -> None:
    with op.batch_alter_table('manifest_items', schema=None) as batch_op:
        batch_op.add_column(sa.Column('left_out_at', sa.DateTime(timezone=True), nullable=True))


def _manifests() -> None:
    with op.batch_alter_table('manifests', schema=None) as batch_op:
        batch_op.add_column(sa.Column('signed_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('signed_with', sa.String(length=120), nullable=True))
        batch_op.add_column(sa.Column('signer', sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column('signature_id', sa.String(length=26), nullable=True))


def _notices() -> None:
    with op.batch_alter_table('notices', schema=None) as batch_op:
        batch_op.add_column(sa.Column('cancelled_at', sa.DateTime(timezone=True), nullable=True))


def _print_batches() -> None:
    with op.batch_alter_table('print_batches', schema=None) as batch_op:
        batch_op.add_column(sa.Column('office', sa.String(length=12), server_default='', nullable=False))
        batch_op.add_column(sa.Column('day', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('serial', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('number', sa.String(length=16), server_default='', nullable=False))
        batch_op.add_column(sa.Column('sequence', sa.String(length=16), server_default='', nullable=False))
        batch_op.add_column(sa.Column('total', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('rest_of', sa.String(length=26), nullable=True))
        batch_op.add_column(sa.Column('second', sa.String(length=120), server_default='', nullable=False))
        batch_op.create_index('ix_print_batches_day', ['day', 'office'], unique=False)
        batch_op.create_index(batch_op.f('ix_print_batches_number'), ['number'], unique=False)
        batch_op.create_index(batch_op.f('ix_print_batches_rest_of'), ['rest_of'], unique=False)
        batch_op.create_unique_constraint(batch_op.f('uq_print_batches_office'), ['office', 'day', 'serial'])


def _print_items() -> None:
    with op.batch_alter_table('print_items', schema=None) as batch_op:
        batch_op.add_column(sa.Column('no', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('consignment_id', sa.String(length=26), nullable=True))
        batch_op.add_column(sa.Column('paper', sa.String(length=12), server_default='A4', nullable=False))
        batch_op.add_column(sa.Column('pages', sa.Integer(), server_default='1', nullable=False))
        batch_op.add_column(sa.Column('again', sa.Boolean(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('instead_of', sa.String(length=24), server_default='', nullable=False))
        batch_op.add_column(sa.Column('flag', sa.String(length=12), server_default='', nullable=False))
        batch_op.add_column(sa.Column('told_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('told_by', sa.String(length=120), server_default='', nullable=False))
        batch_op.alter_column('outcome',
               existing_type=sa.VARCHAR(length=8),
               type_=sa.String(length=12),
               existing_nullable=False)
        batch_op.create_index(batch_op.f('ix_print_items_consignment_id'), ['consignment_id'], unique=False)


def _private_links() -> None:
    with op.batch_alter_table('private_links', schema=None) as batch_op:
        batch_op.add_column(sa.Column('code', sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column('code_until', sa.DateTime(timezone=True), nullable=True))


def _users() -> None:
    with op.batch_alter_table('users', schema=None) as batch_op:
        batch_op.add_column(sa.Column('pin_hash', sa.String(length=300), nullable=True))
        batch_op.add_column(sa.Column('badge_key', sa.LargeBinary(), nullable=True))
        batch_op.create_unique_constraint(batch_op.f('uq_users_badge_key'), ['badge_key'])
