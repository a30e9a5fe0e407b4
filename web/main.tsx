import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import './style/tokens.css';
import './style/base.css';
import './style/parts.css';
import './style/pages.css';
import './style/hunt.css';
import { App } from './app.tsx';
import { startRouting, takeToken } from './live/route.ts';

const token = takeToken();
startRouting();
render(<App token={token} />, document.getElementById('app')!);
