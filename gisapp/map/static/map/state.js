/** What is visible, in one place; whoever shows a part of it listens. */

/**
 * @param {object} initial
 * @returns {{get: () => object, set: (patch: object, how?: object) => void, listen: (call: Function) => void}}
 */
export function createStore(initial) {
  let state = initial;
  const listeners = [];
  return {
    get: () => state,
    /** `how` travels to the listeners: {push: true} makes a history entry, {from: "map"} says who moved. */
    set(patch, how = {}) {
      const changed = Object.keys(patch).filter((key) => !same(patch[key], state[key]));
      if (!changed.length) return;
      state = { ...state, ...patch };
      for (const call of listeners) call(state, new Set(changed), how);
    },
    listen(call) { listeners.push(call); },
  };
}

function same(one, other) {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
