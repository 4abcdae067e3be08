"""The one truth for plans, numbers and call records (SQLAlchemy Core; SQLite or PostgreSQL)."""
