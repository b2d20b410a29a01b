from functools import partial
from pathlib import Path

import pytest
from langgraph.store.sqlite import SqliteStore
from langgraph.store.sqlite.aio import AsyncSqliteStore

from langmem_ext.testing.conformance import StoreConformance, StoreFactory, deviation

pytestmark = pytest.mark.filterwarnings(
    "ignore:The default datetime adapter is deprecated:DeprecationWarning"  # from Python 3.12 on, the store's own
)


class SqliteDeviations(StoreConformance):
    @property
    def supports_vectors(self) -> bool:
        return False

    test_an_update_after_reopening_keeps_created_at = deviation(
        StoreConformance.test_an_update_after_reopening_keeps_created_at, "langgraph#8340: every put resets created_at"
    )
    test_created_at_survives_an_update = deviation(
        StoreConformance.test_created_at_survives_an_update, "langgraph#8340: every put resets created_at"
    )
    test_times_follow_the_order_of_puts = deviation(
        StoreConformance.test_times_follow_the_order_of_puts, "times have a resolution of one second"
    )
    test_without_a_query_the_newest_comes_first = deviation(
        StoreConformance.test_without_a_query_the_newest_comes_first, "times have a resolution of one second"
    )
    test_the_newest_across_namespaces_come_first = deviation(
        StoreConformance.test_the_newest_across_namespaces_come_first, "times have a resolution of one second"
    )
    test_booleans_are_not_numbers = deviation(
        StoreConformance.test_booleans_are_not_numbers, "json_extract gives 1 for true"
    )
    test_dotted_keys_reach_into_dictionaries = deviation(
        StoreConformance.test_dotted_keys_reach_into_dictionaries, "filter keys must be ASCII"
    )
    test_keys_and_values_may_be_chinese = deviation(
        StoreConformance.test_keys_and_values_may_be_chinese, "filter keys must be ASCII"
    )
    test_keys_and_values_are_never_code = deviation(
        StoreConformance.test_keys_and_values_are_never_code,
        "filter keys are spliced into SQL, so most characters are refused",
    )
    test_in_takes_any_of_a_list = deviation(
        StoreConformance.test_in_takes_any_of_a_list, "$in is an unsupported operator"
    )
    test_nested_dictionaries_match_in_part = deviation(
        StoreConformance.test_nested_dictionaries_match_in_part, "a dictionary without operators is refused"
    )
    test_operators_apply_to_nested_keys = deviation(
        StoreConformance.test_operators_apply_to_nested_keys, "a dictionary without operators is refused"
    )
    test_not_equal_is_the_complement_of_equal = deviation(
        StoreConformance.test_not_equal_is_the_complement_of_equal, "$ne is null, so false, where the key is missing"
    )
    test_numbers_are_compared_as_numbers = deviation(
        StoreConformance.test_numbers_are_compared_as_numbers, "texts are cast to numbers"
    )
    test_lone_surrogates_round_trip_or_are_refused = deviation(
        StoreConformance.test_lone_surrogates_round_trip_or_are_refused, "orjson raises TypeError for a lone surrogate"
    )
    test_sixty_thousand_puts_fit_in_one_batch = deviation(
        StoreConformance.test_sixty_thousand_puts_fit_in_one_batch, "one SQL variable per column and put: too many"
    )
    test_expired_items_are_never_served = deviation(
        StoreConformance.test_expired_items_are_never_served,
        "langgraph#8902: expired rows are served until they are swept",
        strict=False,  # a sweep of its own may have come first
    )
    test_expired_items_take_no_ones_place = deviation(
        StoreConformance.test_expired_items_take_no_ones_place,
        "langgraph#8902: expired rows are served until they are swept",
        strict=False,  # a sweep of its own may have come first
    )
    test_reading_refreshes = deviation(
        StoreConformance.test_reading_refreshes,
        "langgraph#8902: expired rows are served until they are swept",
        strict=False,
    )
    test_the_default_time_to_live_applies_where_none_is_given = deviation(
        StoreConformance.test_the_default_time_to_live_applies_where_none_is_given,
        "langgraph#8902: expired rows are served until they are swept",
        strict=False,  # a sweep of its own may have come first
    )

    test_sweeping_deletes_what_has_expired_and_nothing_else = deviation(
        StoreConformance.test_sweeping_deletes_what_has_expired_and_nothing_else,
        "expiry has a resolution of one second",
        strict=False,
    )


class TestSqliteStore(SqliteDeviations):
    @pytest.fixture
    def store_factory(self, tmp_path: Path) -> StoreFactory:
        return partial(SqliteStore.from_conn_string, str(tmp_path / "store.db"))

    @property
    def has_async(self) -> bool:
        return False


class TestAsyncSqliteStore(SqliteDeviations):
    @pytest.fixture
    def store_factory(self, tmp_path: Path) -> StoreFactory:
        return partial(AsyncSqliteStore.from_conn_string, str(tmp_path / "store.db"))

    @property
    def has_sync(self) -> bool:
        return False
