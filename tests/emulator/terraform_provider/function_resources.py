"""Functions: the zip of their source must exist in the generation that the state names, and a trigger has a region."""

from __future__ import annotations

from tests.emulator.project_number import number_of
from tests.emulator.terraform_provider.rest import Rest, quoted
from tests.emulator.terraform_provider.services import Recorded
from tests.emulator.terraform_provider.values import Object, ProviderError


class Function(Recorded):
    def __init__(self, storage: Rest) -> None:
        self._storage = storage

    def create(self, state: Object) -> Object:
        self._read_source(state)
        for trigger in state.get("event_trigger") or []:
            _name(trigger, state)
        return state

    def update(self, prior: Object, state: Object) -> Object:
        self._read_source(state)
        return state

    def _read_source(self, state: Object) -> None:
        """Check the zip, and keep its generation. A generation that the configuration leaves out is that of before."""
        for build in state["build_config"]:
            for source in build["source"]:
                for zip_ in source["storage_source"]:
                    zip_["generation"] = self._generation(zip_)

    def _generation(self, source: Object) -> int:
        asked = f"?generation={source['generation']}" if source.get("generation") else ""
        answer = self._storage.call("GET", f"b/{quoted(source['bucket'])}/o/{quoted(source['object'])}{asked}")
        if answer is None:
            named = f"gs://{source['bucket']}/{source['object']}#{source.get('generation') or ''}"
            raise ProviderError(f"googleapi: Error 404: the source {named} of the function does not exist")
        return int(answer["generation"])


def _name(trigger: Object, state: Object) -> None:
    """Name the trigger and its topic, which are in the region of the trigger and not in that of the function."""
    name, region = f"{state['name']}-{number_of(state['id'])[:6]}", trigger["trigger_region"]
    trigger["trigger"] = f"projects/{state['project']}/locations/{region}/triggers/{name}"
    trigger["pubsub_topic"] = f"projects/{state['project']}/topics/eventarc-{region}-{name}-{name[-3:]}"
