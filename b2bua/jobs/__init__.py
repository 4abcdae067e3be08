"""Work that runs by the clock: retention of recordings, notification of new voicemail."""
