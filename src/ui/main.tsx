/**
 * The web page, over the HTTP API alone: where it starts in a browser. From the top: `app` (frame, sign-in, the list of
 * pages: how to add one stands in app/pages.ts), `pages`, `components`, `api` (calls, events, session), `text`.
 */
import { render } from 'preact';
import { resume } from './api/signing-in.js';
import { App } from './app/app.js';

void resume();
const root = document.getElementById('page');
if (root !== null) render(<App />, root);
