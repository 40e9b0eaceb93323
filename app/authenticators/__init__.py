"""The engines that take the host's session, and their presets."""
