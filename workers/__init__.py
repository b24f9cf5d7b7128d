"""Who does the work: the order of the stages, the jobs, the processes that run them. Imports dispatch, never imported by it."""
