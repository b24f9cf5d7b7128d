"""How pages are arranged: one module per manner, all making a `plan.Plan`."""
