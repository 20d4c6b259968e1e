# Builds the wheel with its pages, then installs it into a slim image that needs no Node.
FROM python:3.11-slim-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends make && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN make wheel

FROM python:3.11-slim-bookworm
COPY --from=build /src/dist/*.whl /tmp/
RUN pip install --no-cache-dir /tmp/*.whl && rm /tmp/*.whl \
 && useradd --create-home --uid 10001 openrooms \
 && mkdir /data && chown openrooms /data
USER openrooms
ENV OPENROOMS_DATA_DIR=/data
VOLUME /data
EXPOSE 8000
CMD ["openrooms", "web", "--host", "0.0.0.0", "--port", "8000"]
