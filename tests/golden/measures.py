"""Measures of classifiers, by scikit-learn: measures.safetensors. For each CASE the log-probabilities
(CASE.logp float [N, L]) and labels (CASE.labels int32 [N]), and what follows from them, double:
see README.md."""

import os

import numpy as np
import sklearn
from safetensors.numpy import save_file
from sklearn import metrics
from sklearn.calibration import calibration_curve

BINS = 10


def case(generator, n, n_labels, sharpness, missing=()):
    """Predictions that are right more often than not; probabilities of few digits, so that many
    scores are equal. No text has a label of `missing`."""
    labels = generator.choice([l for l in range(n_labels) if l not in missing], n,
                              p=None if missing else np.arange(1, n_labels + 1) /
                              np.arange(1, n_labels + 1).sum())
    z = generator.standard_normal((n, n_labels)) + sharpness * np.eye(n_labels)[labels]
    p = np.exp(np.round(z, 1))
    return np.log(p / p.sum(1, keepdims=True)).astype(np.float32), labels.astype(np.int32)


def with_both(labels, n_labels):
    return [l for l in range(n_labels) if 0 < (labels == l).sum() < len(labels)]


def calibration(p, right):
    """[BINS, 3]: texts, mean confidence, share of right ones."""
    bins = np.clip(np.ceil(p * BINS).astype(int) - 1, 0, BINS - 1)
    rows = np.full((BINS, 3), np.nan)
    rows[:, 0] = np.bincount(bins, minlength=BINS)
    right_of, p_of = calibration_curve(right, p, n_bins=BINS)
    rows[rows[:, 0] > 0, 1:] = np.stack([p_of, right_of], 1)
    return rows


def measure(tensors, name, logp, labels):
    n_labels = logp.shape[1]
    p = np.exp(logp.astype(np.float64))
    first = p - 1e-9 * np.arange(n_labels)  # of equal ones the first
    predicted = logp.argmax(1)
    both = with_both(labels, n_labels)
    of_label = np.full((n_labels, 6), np.nan)
    of_label[:, :4] = np.stack(metrics.precision_recall_fscore_support(
        labels, predicted, labels=range(n_labels), zero_division=np.nan), 1)
    for l in both:
        of_label[l, 4] = metrics.roc_auc_score(labels == l, logp[:, l])
        of_label[l, 5] = metrics.average_precision_score(labels == l, logp[:, l])
    bins = calibration(p.max(1), labels == predicted)
    full = bins[:, 0] > 0
    figures = [
        metrics.accuracy_score(labels, predicted),
        metrics.f1_score(labels, predicted, average="macro"),
        metrics.f1_score(labels, predicted, average="micro"),
        np.mean(of_label[both, 4]), np.mean(of_label[both, 5]),
        metrics.log_loss(labels, p / p.sum(1, keepdims=True), labels=range(n_labels)),
        metrics.brier_score_loss(labels, p / p.sum(1, keepdims=True), labels=range(n_labels),
                                 scale_by_half=True),
        (bins[full, 0] * np.abs(bins[full, 1] - bins[full, 2])).sum() / len(labels)]
    tensors.update({f"{name}.logp": logp, f"{name}.labels": labels,
                    f"{name}.figures": np.array(figures), f"{name}.of_label": of_label,
                    f"{name}.calibration": bins,
                    f"{name}.recall_at": np.array([
                        metrics.top_k_accuracy_score(labels, first if n_labels > 2 else first[:, 1], k=k,
                                                     labels=range(n_labels))
                        for k in range(1, min(5, n_labels - 1) + 1)]),
                    f"{name}.confusion": metrics.confusion_matrix(
                        labels, predicted, labels=range(n_labels)).astype(np.int32)})
    if n_labels == 2:
        x, y, _ = metrics.roc_curve(labels, logp[:, 1], drop_intermediate=False)
        tensors[f"{name}.roc"] = np.stack([x, y], 1)
        y, x, _ = metrics.precision_recall_curve(labels, logp[:, 1])
        tensors[f"{name}.pr"] = np.stack([x, y], 1)[-2::-1]  # from the highest threshold


def main():
    generator = np.random.default_rng(1)
    tensors = {}
    measure(tensors, "two", *case(generator, 200, 2, 1.0))
    measure(tensors, "seven", *case(generator, 300, 7, 2.0))
    measure(tensors, "missing", *case(generator, 60, 4, 1.0, missing=(2,)))
    path = os.path.splitext(os.path.abspath(__file__))[0] + ".safetensors"
    save_file({name: np.ascontiguousarray(t) for name, t in tensors.items()}, path,
              metadata={"sklearn": sklearn.__version__})
    print(f"{path}: {len(tensors)} tensors, {os.path.getsize(path)} bytes")


main()
