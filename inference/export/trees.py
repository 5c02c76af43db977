"""Fitted trees -> one flat forest, in the layout that `inference.serving.trees` walks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

NO_CATEGORY = -1
LEAF = -1


@dataclass(frozen=True, kw_only=True)
class Tree:
    """One fitted tree, in its library's own node order.

    Attributes:
        left, right: child of each node, -1 at a leaf. int, shape (n_nodes,)
        feature: column compared at each inner node. int, shape (n_nodes,)
        threshold: goes left if `x <= threshold`. float64, shape (n_nodes,)
        missing_left: whether a missing value goes left. bool, shape (n_nodes,)
        values: what a leaf contributes. float64, shape (n_nodes, n_outputs)
        category: number of the node's bit set, -1 for a numeric split. shape (n_nodes,)
        bitsets: categories that go left. uint32, shape (n_bitsets, 8)
    """

    left: NDArray[Any]
    right: NDArray[Any]
    feature: NDArray[Any]
    threshold: NDArray[Any]
    missing_left: NDArray[Any]
    values: NDArray[Any]
    category: NDArray[Any] | None = None
    bitsets: NDArray[Any] | None = None


def from_sklearn_tree(tree: Any, values: NDArray[Any]) -> Tree:
    """A `sklearn.tree._tree.Tree`, with the leaf values that its ensemble adds up."""
    return Tree(
        left=tree.children_left,
        right=tree.children_right,
        feature=tree.feature,
        threshold=tree.threshold,
        missing_left=tree.missing_go_to_left.astype(bool),
        values=values,
    )


def from_histogram_predictor(predictor: Any) -> Tree:
    """A `TreePredictor` of histogram gradient boosting."""
    nodes = predictor.nodes
    leaf = nodes["is_leaf"].astype(bool)
    categorical = nodes["is_categorical"].astype(bool) & ~leaf
    return Tree(
        left=np.where(leaf, LEAF, nodes["left"].astype(np.int64)),
        right=np.where(leaf, LEAF, nodes["right"].astype(np.int64)),
        feature=nodes["feature_idx"],
        threshold=nodes["num_threshold"],
        missing_left=nodes["missing_go_to_left"].astype(bool),
        values=nodes["value"].reshape(-1, 1),
        category=np.where(categorical, nodes["bitset_idx"].astype(np.int64), NO_CATEGORY),
        bitsets=predictor.raw_left_cat_bitsets,
    )


def preorder(tree: Tree) -> NDArray[np.int64]:
    """Node numbers in preorder, left before right."""
    left, right = tree.left.tolist(), tree.right.tolist()
    order: list[int] = []
    waiting = [0]
    while waiting:
        node = waiting.pop()
        order.append(node)
        if left[node] != LEAF:
            waiting += (right[node], left[node])
    return np.asarray(order, dtype=np.int64)


def flatten(trees: Sequence[Tree]) -> dict[str, NDArray[Any]]:
    """All trees as one set of arrays.

    `values` lies output by output, so that each output's leaves are one slice.
    `category` and `bitsets` exist only if some split is categorical.
    """
    parts: dict[str, list[NDArray[Any]]] = {}
    nodes = leaves = bitsets = 0
    for tree in trees:
        part = _flatten_one(tree, nodes, leaves, bitsets)
        for name, array in part.items():
            parts.setdefault(name, []).append(array)
        nodes += len(part["feature"])
        leaves += len(part["values"])
        bitsets += len(part["bitsets"])
    arrays = {name: np.concatenate(arrays) for name, arrays in parts.items()}
    arrays["values"] = np.ascontiguousarray(arrays["values"].T).ravel()
    arrays["bitsets"] = arrays["bitsets"].ravel()
    if not len(arrays["bitsets"]):
        del arrays["bitsets"], arrays["category"]
    return arrays


def _flatten_one(tree: Tree, nodes: int, leaves: int, bitsets: int) -> dict[str, NDArray[Any]]:
    """One tree, its numbers shifted by what lies before it."""
    order = preorder(tree)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    leaf = tree.left[order] == LEAF
    leaf_number = leaves + np.cumsum(leaf) - 1
    category = np.full(len(order), NO_CATEGORY) if tree.category is None else tree.category[order]
    sets = np.empty((0, 8)) if tree.bitsets is None else tree.bitsets
    return {
        "roots": np.array([nodes], dtype=np.int32),
        "feature": np.where(leaf, ~leaf_number, tree.feature[order]).astype(np.int32),
        "threshold": np.where(leaf, 0.0, tree.threshold[order]).astype(np.float64),
        "right": np.where(leaf, 0, nodes + place[tree.right[order]]).astype(np.int32),
        "missing_left": tree.missing_left[order].astype(np.uint8),
        "values": tree.values[order][leaf].astype(np.float64),
        "category": np.where(category >= 0, category + bitsets, NO_CATEGORY).astype(np.int32),
        "bitsets": sets.astype(np.uint32),
    }
