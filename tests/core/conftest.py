"""What is made up for a test is the same each time, and no example of it is bound to a time."""

from hypothesis import settings

from tests.core.properties.profile import examples

settings.register_profile("repeatable", examples(100))
settings.load_profile("repeatable")
