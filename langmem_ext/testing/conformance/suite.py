"""`StoreConformance`: every room of the suite in one class."""

from langmem_ext.testing.conformance.concurrency import ConcurrencyBehaviour
from langmem_ext.testing.conformance.durability import DurabilityBehaviour
from langmem_ext.testing.conformance.expiry import ExpiryBehaviour
from langmem_ext.testing.conformance.extras import ExtraBehaviour
from langmem_ext.testing.conformance.filters import FilterBehaviour
from langmem_ext.testing.conformance.items import ItemBehaviour
from langmem_ext.testing.conformance.lexical import LexicalBehaviour
from langmem_ext.testing.conformance.namespaces import NamespaceBehaviour
from langmem_ext.testing.conformance.search import SearchBehaviour
from langmem_ext.testing.conformance.vectors import VectorBehaviour


class StoreConformance(
    ItemBehaviour,
    NamespaceBehaviour,
    SearchBehaviour,
    FilterBehaviour,
    VectorBehaviour,
    LexicalBehaviour,
    ExtraBehaviour,
    ExpiryBehaviour,
    ConcurrencyBehaviour,
    DurabilityBehaviour,
):
    """What every LangGraph store must do; subclass it and give the fixture `store_factory`.

    Every behaviour runs twice, through the sync and the async methods. Capabilities that a store lacks are switched
    off by overriding the properties (`supports_vectors`, `supports_ttl`, …); a behaviour it gets wrong is declared with
    `deviation`.

    Example:
        .. code-block:: python

            class TestMyStore(StoreConformance):
                @pytest.fixture
                def store_factory(self, tmp_path):
                    return partial(MyStore.from_conn_string, str(tmp_path / "store.db"))

                test_created_at_survives_an_update = deviation(
                    StoreConformance.test_created_at_survives_an_update,
                    "my-store#12: every put resets created_at",
                )
    """
