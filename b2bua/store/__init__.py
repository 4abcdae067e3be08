"""The database: plans, numbers, call records, states of messages, audit trail (SQLAlchemy; SQLite or PostgreSQL)."""
