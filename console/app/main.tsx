import { render } from 'preact';
import { App } from './shell/app.tsx';
import { followLinks } from './shell/location.ts';
import './style.css';

followLinks();
render(<App />, document.getElementById('app') as HTMLElement);
