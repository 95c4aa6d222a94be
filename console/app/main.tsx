import './style/index.css';
import { render } from 'preact';
import { followLinks } from './services/location.ts';
import { App } from './shell/app.tsx';

followLinks();
render(<App />, document.getElementById('app') as HTMLElement);
