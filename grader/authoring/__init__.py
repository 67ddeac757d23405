"""From annotated solution files to what students get: parse, check, release, gates."""
