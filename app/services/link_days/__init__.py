"""Link days: asked for by a school, confirmed with a practitioner, done or cancelled; and what was agreed on."""
