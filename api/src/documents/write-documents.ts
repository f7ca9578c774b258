/** Writes the routes and errors of each interface into its page. `npm run settings` in the root runs it. */
import { writeBetween } from '@keybin/shared/documents/write-between.js';
import { errorsList, interfaces, routesTable } from './routes-table.js';

for (const of of interfaces) {
  const page = `docs/interfaces/${of}.md`;
  writeBetween(page, 'routes', routesTable(of));
  if (of !== 'service') writeBetween(page, 'errors', errorsList(of));
}
