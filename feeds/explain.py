"""Why an article is in a topic, or is not: as rows for programs and as words for a person. Called by cli."""
