"""The app: pages, canvas, REST API and the command line. It knows services and core values only."""
