// The search that all models share. It visits every state that can be reached, depth first.

/** Returns a copy of a state that shares nothing with it. A state consists of objects, arrays, numbers and strings. */
export function copy(value) {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copy);
  const copied = {};
  for (const name in value) copied[name] = copy(value[name]);
  return copied;
}

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/** Returns the members of a list in an order that depends on what they are alone. */
export const inOrder = (list) => (list.length < 2 ? list : list.map((member) => [JSON.stringify(member), member]).sort(([a], [b]) => compare(a, b)).map(([, member]) => member));

/**
 * Visits all states that follow from `start`, until one breaks a promise.
 * - `successors(state)` returns all states one atomic step later, each with the name of the step and the promise that
 *   the step broke, if any.
 * - `atRest(state)` returns the promise that a state breaks in which nothing goes on, if any.
 * - `canonical(state)` returns one state for all that differ only in what says nothing, such as which of two equal
 *   processes is the first. A path then names a process by its place in the state before the step.
 * Returns the number of states and the violation, if any: the promise and the steps that led to it.
 */
function search({ start, successors, atRest, canonical = (state) => state }) {
  const seen = new Set(), stack = [];
  const stepsTo = (path) => { const steps = []; for (let at = path; at; at = at[1]) steps.unshift(at[0]); return steps; };
  const visit = (reached, path) => {
    const state = canonical(reached), key = JSON.stringify(state);
    if (seen.has(key)) return;
    seen.add(key);
    stack.push([state, path]);
  };
  visit(start, null);
  while (stack.length > 0) {
    const [state, path] = stack.pop();
    const broken = atRest(state);
    if (broken) return { states: seen.size, violation: { broken, steps: stepsTo(path) } };
    for (const [next, name, rule] of successors(state)) {
      if (rule) return { states: seen.size, violation: { broken: rule, steps: stepsTo([name, path]) } };
      visit(next, [name, path]);
    }
  }
  return { states: seen.size };
}

/** Searches each scenario. Prints the number of its states and `ok`, or a path to a violation. Sets the exit code. */
export function searchAll(scenarios, modelOf) {
  const only = process.argv.find((argument) => argument.startsWith('scenario='))?.slice('scenario='.length);
  let total = 0;
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (only && only !== name) continue;
    const { states, violation } = search(modelOf(scenario));
    total += states;
    console.log(`${name}: ${states} states`, violation ? `VIOLATION: ${violation.broken}\n  ${violation.steps.join(' ')}` : 'ok');
    if (violation) { process.exitCode = 1; return; }
  }
  console.log(`${total} states ok`);
}
