"""Tips of the product beside those of a thoughtful writer, judged by readers who know neither."""
