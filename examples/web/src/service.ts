import { createRollcall } from '@rollcall/client';

/** Where the service is: another origin than this page's. */
export const serviceUrl = import.meta.env.VITE_ROLLCALL_URL ?? 'http://127.0.0.1:8080';

/** The one client of the page. What may pass it has tried three times before it fails. */
export const rollcall = createRollcall({ baseUrl: serviceUrl });
