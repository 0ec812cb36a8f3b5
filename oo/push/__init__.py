"""From "send this tip to this person" on: devices, channels, durable sending."""
