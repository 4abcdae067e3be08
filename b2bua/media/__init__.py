"""Prompts, recordings and voicemail messages on disk."""
