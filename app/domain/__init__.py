"""Pure rules of the trade: no database, no network, no framework."""
