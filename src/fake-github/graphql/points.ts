import { GraphQLObjectType, GraphQLInterfaceType, getNamedType, parse } from "graphql";
import type {
  DocumentNode,
  FieldNode,
  FragmentDefinitionNode,
  GraphQLNamedType,
  SelectionSetNode,
  ValueNode,
} from "graphql";
import { githubSchema } from "./schema.ts";

/** The maximum cost of a query, computed from its text. */
export interface Cost {
  /** The number of lists, each counted once for each parent. */
  requests: number;
  /** The number of items in the lists. GitHub refuses more than 500,000. */
  nodes: number;
  points: number;
}

interface Walk {
  fragments: Map<string, FragmentDefinitionNode>;
  variables: Record<string, unknown>;
  /** The paths of counted lists. A list that is selected several times is fetched once. */
  counted: Set<string>;
  requests: number;
  nodes: number;
}

/** Returns a query's points by GitHub's published formula: the number of lists if all are full, divided by 100, and at least 1. */
export function pointsOf(query: string, variables: Record<string, unknown> = {}): number {
  return costOf(parse(query), variables).points;
}

/** Returns a document's points with the counts that they are computed from. */
export function costOf(
  document: DocumentNode,
  variables: Record<string, unknown>,
  operationName?: string | null,
): Cost {
  const walk: Walk = {
    fragments: new Map(),
    variables: { ...variables },
    counted: new Set(),
    requests: 0,
    nodes: 0,
  };
  for (const definition of document.definitions) {
    if (definition.kind === "FragmentDefinition") walk.fragments.set(definition.name.value, definition);
  }
  const operation = document.definitions.find(
    (definition) =>
      definition.kind === "OperationDefinition" &&
      (!operationName || definition.name?.value === operationName),
  );
  if (operation?.kind === "OperationDefinition") {
    for (const { variable, defaultValue } of operation.variableDefinitions ?? []) {
      if (defaultValue && walk.variables[variable.name.value] === undefined) {
        walk.variables[variable.name.value] = valueOf(walk, defaultValue);
      }
    }
    const root = githubSchema({ assignedActors: true }).getRootType(operation.operation);
    if (root) visit(walk, operation.selectionSet, root, 1, "");
  }
  return { requests: walk.requests, nodes: walk.nodes, points: Math.max(1, Math.round(walk.requests / 100)) };
}

function visit(
  walk: Walk,
  { selections }: SelectionSetNode,
  parent: GraphQLNamedType,
  parents: number,
  path: string,
): void {
  for (const selection of selections) {
    if (isExcluded(walk, selection.directives ?? [])) continue;
    if (selection.kind === "Field") {
      visitField(walk, selection, parent, parents, path);
      continue;
    }
    const fragment =
      selection.kind === "FragmentSpread" ? walk.fragments.get(selection.name.value) : selection;
    if (!fragment) continue;
    const condition = fragment.typeCondition
      ? githubSchema({ assignedActors: true }).getType(fragment.typeCondition.name.value)
      : parent;
    if (condition) visit(walk, fragment.selectionSet, condition, parents, path);
  }
}

function visitField(
  walk: Walk,
  field: FieldNode,
  parent: GraphQLNamedType,
  parents: number,
  path: string,
): void {
  if (!(parent instanceof GraphQLObjectType || parent instanceof GraphQLInterfaceType) || !field.selectionSet)
    return;
  const definition = parent.getFields()[field.name.value];
  if (!definition) return;
  const type = getNamedType(definition.type);
  const here = `${path}/${parent.name}.${(field.alias ?? field.name).value}`;
  let size = 1;
  if (type.name.endsWith("Connection")) {
    size = numberOf(walk, field, "first") ?? numberOf(walk, field, "last") ?? 1;
    if (!walk.counted.has(here)) {
      walk.requests += parents;
      walk.nodes += parents * (numberOf(walk, field, "first") ?? numberOf(walk, field, "last") ?? 0);
    }
    walk.counted.add(here);
  } else if (parent.name === "Query" && field.name.value === "nodes") {
    const ids = argumentOf(walk, field, "ids");
    size = Array.isArray(ids) ? Math.max(1, ids.length) : 1;
  }
  visit(walk, field.selectionSet, type, parents * size, here);
}

function numberOf(walk: Walk, field: FieldNode, name: string): number | null {
  const value = argumentOf(walk, field, name);
  return typeof value === "number" ? value : null;
}

function argumentOf(walk: Walk, field: FieldNode, name: string): unknown {
  const argument = field.arguments?.find((candidate) => candidate.name.value === name);
  return argument && valueOf(walk, argument.value);
}

function valueOf(walk: Walk, value: ValueNode): unknown {
  switch (value.kind) {
    case "Variable":
      return walk.variables[value.name.value];
    case "IntValue":
      return Number(value.value);
    case "BooleanValue":
      return value.value;
    case "ListValue":
      return value.values.map((item) => valueOf(walk, item));
    default:
      return null;
  }
}

function isExcluded(
  walk: Walk,
  directives: readonly { name: { value: string }; arguments?: readonly { value: ValueNode }[] | undefined }[],
) {
  return directives.some(({ name, arguments: [condition] = [] }) => {
    const holds = condition && valueOf(walk, condition.value) === true;
    return (name.value === "skip" && holds) || (name.value === "include" && !holds);
  });
}
