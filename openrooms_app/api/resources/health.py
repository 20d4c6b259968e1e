"""Whether the installation is well, for load balancers; how busy it is, for Prometheus."""

from typing import Final

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from engine.services import health
from engine.services.health import Health
from openrooms_app.api.bodies import StrictRoute
from openrooms_app.api.deps import By, Rt
from openrooms_app.api.metrics import Metrics

router = APIRouter(tags=["operation"], route_class=StrictRoute)

PLAIN: Final = {"content": {"text/plain": {"schema": {"type": "string"}}}}


@router.head("/api/health", include_in_schema=False)
@router.get("/api/health", responses={503: {"model": Health, "description": "something is down"}})
def get_health(rt: Rt, response: Response) -> Health:
    """The parts and whether they answer; 503 when one does not. Needs no login."""
    told = health.check(rt)
    if told.status != "healthy":
        response.status_code = 503
    return told


@router.get("/metrics", response_class=Response, responses={200: PLAIN})
def get_metrics(by: By, request: Request) -> Response:
    """Gauges and counters in Prometheus' text format."""
    metrics: Metrics = request.app.state.metrics
    return Response(metrics.text(health.load(by.rt)), media_type=CONTENT_TYPE_LATEST)
