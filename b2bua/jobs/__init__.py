"""What happens by the clock: retention, and telling a subscriber's system of voicemail."""
