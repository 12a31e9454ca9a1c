// The component: the functions that the host calls.

import { getAll } from 'wasi:config/store@0.2.0-rc.1';
import { RateTable } from './rate-table.js';
import { answer } from './routes.js';
import { read, write } from './wasi-http.js';

let table;

/** The table of this instance. It never changes: a new configuration starts a new generation. */
function rateTable() {
  table ??= RateTable.read(getAll());
  return table;
}

// Not `addEventListener('fetch', ..)`: that handler serves one request in the life of an instance,
// and the host reuses instances.
export const incomingHandler = {
  handle(request, responseOut) {
    write(answer(rateTable(), read(request)), responseOut);
  },
};

export const lifecycle = {
  /** Refuses a wrong table: the generation then never serves, and the previous one goes on. */
  start() {
    try {
      rateTable();
    } catch (error) {
      throw error.message;
    }
    return [];
  },

  /** Nothing happens here without a request. */
  tick() {},
};
