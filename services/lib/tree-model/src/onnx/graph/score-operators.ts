import { integerAttribute } from "../file/attributes.ts";
import type { OnnxNode } from "../file/onnx-file.ts";
import type { OnnxTensor } from "../file/tensor.ts";
import { type Flow, notFollowed } from "./flow.ts";
import { addForms, applyLink, constantForm, type LinearForm, type ScoreTensor, scaleForm } from "./score-tensor.ts";

type Form = LinearForm;

/**
 * Returns the role of the output of an operator that reads scores (numbers computed from the trees). The
 * output can be followed when each of its columns is a linear form (a weighted sum of raw tree outputs plus a
 * bias), to which a link function such as the logistic function may be applied.
 * @param flows Roles of the node's inputs; at least one of them has kind "scores".
 */
export function followScores(node: OnnxNode, flows: readonly Flow[]): Flow {
  const [first] = flows;
  switch (node.opType) {
    case "Identity":
    case "Cast":
    case "ZipMap":
      return first ?? notFollowed(`${node.opType} of nothing`);
    case "Reshape":
    case "Flatten":
      return keepShape(node, flows);
    case "Sum":
    case "Add":
    case "Sub":
    case "Mul":
    case "Div":
      return arithmetic(node, flows);
    case "Concat":
      return joinColumns(node, flows);
    case "ArrayFeatureExtractor":
    case "Gather":
      return pickColumns(node, flows);
  }
  if (first?.kind !== "scores") return notALink(node);
  switch (node.opType) {
    case "Neg":
      return first.scores.link === "identity"
        ? found({ forms: first.scores.forms.map((form) => scaleForm(form, -1)), link: "identity" })
        : notALink(node);
    case "Sigmoid":
      return found(applyLink(first.scores, "logistic"));
    case "Exp":
      return found(applyLink(first.scores, "exp"));
    case "Softmax":
      return isColumnAxis(integerAttribute(node, "axis", -1))
        ? found(applyLink(first.scores, "softmax"))
        : notALink(node);
    case "ArgMax":
      return { kind: "label" };
    default:
      return notALink(node);
  }
}

function keepShape(node: OnnxNode, flows: readonly Flow[]): Flow {
  const [first, shape] = flows;
  if (first?.kind !== "scores") return notALink(node);
  if (node.opType === "Flatten") return integerAttribute(node, "axis", 1) === 1 ? first : notALink(node);
  const dims = shape?.kind === "constant" ? shape.tensor.values : [];
  const width = first.scores.forms.length;
  const keeps = dims[0] === -1 && (dims.length === 1 ? width === 1 : dims.length === 2 && dims[1] === width);
  return keeps ? first : notALink(node);
}

function arithmetic(node: OnnxNode, flows: readonly Flow[]): Flow {
  const [first, second] = flows;
  if (node.opType === "Sum" || node.opType === "Add" || node.opType === "Sub") {
    const sign = node.opType === "Sub" ? -1 : 1;
    if (sign < 0 && first?.kind === "constant" && second?.kind === "scores") {
      const complement = complementOf(first.tensor, second.scores);
      if (complement !== null) return found(complement);
    }
    return addTerms(node, flows, sign);
  }
  if (first === undefined || second === undefined) return notALink(node);
  if (second.kind === "constant" && first.kind === "scores") {
    return multiply(node, first.scores, second.tensor, node.opType === "Div");
  }
  return first.kind === "constant" && second.kind === "scores" && node.opType === "Mul"
    ? multiply(node, second.scores, first.tensor, false)
    : notALink(node);
}

/** 1 − logistic(m) = logistic(−m). */
function complementOf(one: OnnxTensor, scores: ScoreTensor): ScoreTensor | null {
  if (scores.link !== "logistic" || !one.values.every((value) => value === 1) || one.values.length !== 1) return null;
  return { forms: scores.forms.map((form) => scaleForm(form, -1)), link: "logistic" };
}

function addTerms(node: OnnxNode, flows: readonly Flow[], signOfLater: number): Flow {
  const terms: (readonly Form[])[] = [];
  for (const flow of flows) {
    if (flow.kind === "constant") terms.push(flow.tensor.values.map((value) => constantForm(value)));
    else if (flow.kind === "scores" && flow.scores.link === "identity") terms.push(flow.scores.forms);
    else if (flow.kind === "other") return flow;
    else return notALink(node);
  }
  const width = Math.max(...terms.map((term) => term.length));
  if (terms.some((term) => term.length !== 1 && term.length !== width)) return notALink(node);
  const forms = Array.from({ length: width }, (_, k) =>
    addForms(
      terms.map((term, at) => {
        const form = (term.length === 1 ? term[0] : term[k]) ?? constantForm(0);
        return at === 0 ? form : scaleForm(form, signOfLater);
      }),
    ),
  );
  return found({ forms, link: "identity" });
}

function multiply(node: OnnxNode, scores: ScoreTensor, constant: OnnxTensor, divide: boolean): Flow {
  const { forms, link } = scores;
  const { values } = constant;
  if (values.length !== 1 && values.length !== forms.length) return notALink(node);
  const factorOf = (k: number): number => {
    const value = (values.length === 1 ? values[0] : values[k]) ?? Number.NaN;
    return divide ? 1 / value : value;
  };
  const factors = forms.map((_, k) => factorOf(k));
  if (factors.every((factor) => factor === 1)) return found(scores);
  if (!factors.every(Number.isFinite)) return notALink(node);
  if (link === "identity") return found({ forms: forms.map((form, k) => scaleForm(form, factorOf(k))), link });
  // c · exp(m) = exp(m + ln c).
  if (link === "exp" && factors.every((factor) => factor > 0)) {
    return found({ forms: forms.map((form, k) => scaleForm(form, 1, Math.log(factorOf(k)))), link });
  }
  return notALink(node);
}

function joinColumns(node: OnnxNode, flows: readonly Flow[]): Flow {
  const forms: Form[] = [];
  const [first] = flows;
  const link = first?.kind === "scores" ? first.scores.link : "softmax";
  if (!isColumnAxis(integerAttribute(node, "axis", 0)) || link === "softmax") return notALink(node);
  for (const flow of flows) {
    if (flow.kind === "other") return flow;
    if (flow.kind !== "scores" || flow.scores.link !== link) return notALink(node);
    forms.push(...flow.scores.forms);
  }
  return found({ forms, link });
}

function pickColumns(node: OnnxNode, flows: readonly Flow[]): Flow {
  const [from, places] = flows;
  if (from?.kind === "constant" && places?.kind === "label") return { kind: "label" };
  if (from?.kind !== "scores" || places?.kind !== "constant" || from.scores.link === "softmax") return notALink(node);
  if (node.opType === "Gather" && !isColumnAxis(integerAttribute(node, "axis", 0))) return notALink(node);
  const forms: Form[] = [];
  for (const place of places.tensor.values) {
    const form = from.scores.forms.at(place);
    if (form === undefined || !Number.isInteger(place)) return notALink(node);
    forms.push(form);
  }
  return found({ forms, link: from.scores.link });
}

function found(scores: ScoreTensor): Flow {
  return { kind: "scores", scores };
}

function notALink(node: OnnxNode): Flow {
  return notFollowed(`operator ${node.opType} after the trees computes something that is not a link of their sum`);
}

function isColumnAxis(axis: number): boolean {
  return axis === 1 || axis === -1;
}
