from contextlib import nullcontext

import pytest
from langgraph.store.memory import InMemoryStore

from langmem_ext.testing.conformance import StoreConformance, StoreFactory, deviation


class TestInMemoryStore(StoreConformance):
    @pytest.fixture
    def store_factory(self) -> StoreFactory:
        return lambda *, index=None, ttl=None: nullcontext(InMemoryStore(index=index))

    @property
    def supports_ttl(self) -> bool:
        return False

    @property
    def supports_reopen(self) -> bool:
        return False

    test_a_bad_namespace_in_a_batch_leaves_nothing_of_the_batch = deviation(
        StoreConformance.test_a_bad_namespace_in_a_batch_leaves_nothing_of_the_batch,
        "batch() does not check namespaces",
    )
    test_a_namespace_whose_items_are_deleted_is_gone = deviation(
        StoreConformance.test_a_namespace_whose_items_are_deleted_is_gone, "emptied namespaces stay in its dictionary"
    )
    test_a_returned_value_is_a_copy = deviation(
        StoreConformance.test_a_returned_value_is_a_copy, "values are shared with the caller, not copied"
    )
    test_a_vector_goes_when_its_item_is_put_without_index = deviation(
        StoreConformance.test_a_vector_goes_when_its_item_is_put_without_index,
        "langgraph#8214: vectors of an earlier put stay",
    )
    test_vectors_go_when_their_list_shrinks = deviation(
        StoreConformance.test_vectors_go_when_their_list_shrinks, "langgraph#8214: vectors of an earlier put stay"
    )
    test_an_unchanged_text_is_not_embedded_again = deviation(
        StoreConformance.test_an_unchanged_text_is_not_embedded_again, "every put embeds again"
    )
    test_booleans_are_not_numbers = deviation(
        StoreConformance.test_booleans_are_not_numbers, "compares with Python's ==, where True == 1"
    )
    test_created_at_survives_an_update = deviation(
        StoreConformance.test_created_at_survives_an_update, "langgraph#8340: every put resets created_at"
    )
    test_dotted_keys_reach_into_dictionaries = deviation(
        StoreConformance.test_dotted_keys_reach_into_dictionaries, "filter keys are top-level keys only"
    )
    test_in_takes_any_of_a_list = deviation(
        StoreConformance.test_in_takes_any_of_a_list, "$in is an unsupported operator"
    )
    test_iso_dates_are_compared_as_strings = deviation(
        StoreConformance.test_iso_dates_are_compared_as_strings, "float() of a date raises"
    )
    test_numbers_are_compared_as_numbers = deviation(
        StoreConformance.test_numbers_are_compared_as_numbers, "float() of a missing value raises"
    )
    test_operators_apply_to_nested_keys = deviation(
        StoreConformance.test_operators_apply_to_nested_keys, "float() of a missing value raises"
    )
    test_reading_creates_no_namespace = deviation(
        StoreConformance.test_reading_creates_no_namespace, "get() and delete() fill a defaultdict"
    )
    test_the_newest_across_namespaces_come_first = deviation(
        StoreConformance.test_the_newest_across_namespaces_come_first, "lists in order of insertion, oldest first"
    )
    test_without_a_query_the_newest_comes_first = deviation(
        StoreConformance.test_without_a_query_the_newest_comes_first, "lists in order of insertion, oldest first"
    )
    test_two_items_with_the_same_text_in_one_batch = deviation(
        StoreConformance.test_two_items_with_the_same_text_in_one_batch,
        "langgraph#8822: equal texts in a batch raise ValueError",
    )
    test_vectors_of_the_wrong_size_leave_nothing_of_the_batch = deviation(
        StoreConformance.test_vectors_of_the_wrong_size_leave_nothing_of_the_batch, "vectors are stored unchecked"
    )
    test_vectors_that_are_not_finite_leave_nothing_of_the_batch = deviation(
        StoreConformance.test_vectors_that_are_not_finite_leave_nothing_of_the_batch, "vectors are stored unchecked"
    )

    test_readers_never_see_half_a_batch = deviation(
        StoreConformance.test_readers_never_see_half_a_batch, "no lock: readers see batches half applied", strict=False
    )
    test_threads_lose_nothing_and_see_what_they_wrote = deviation(
        StoreConformance.test_threads_lose_nothing_and_see_what_they_wrote,
        "no lock: dictionaries change size under a reader",
        strict=False,
    )
