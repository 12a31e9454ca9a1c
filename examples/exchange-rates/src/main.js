// The component: what the host calls, and what it gives.

import { getAll } from 'wasi:config/store@0.2.0-rc.1';
import { RateTable } from './rate-table.js';
import { answer } from './routes.js';

let table;

/** The table of this instance; its configuration never changes, as a new one comes with a new generation. */
function rateTable() {
  table ??= RateTable.read(getAll());
  return table;
}

addEventListener('fetch', (event) => {
  const { status, headers, body } = answer(rateTable(), event.request);
  event.respondWith(new Response(body, { status, headers }));
});

export const lifecycle = {
  /** Refuses a wrong table: the generation then never serves, and the one before it goes on. */
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
