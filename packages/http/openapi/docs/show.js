const prefersDark = window.matchMedia('(prefers-color-scheme: dark)');
const followColorScheme = () => document.documentElement.classList.toggle('dark-mode', prefersDark.matches);
prefersDark.addEventListener('change', followColorScheme);
followColorScheme();

// validatorUrl is null, because the validator badge would send the URL of the document to a third party.
window.SwaggerUIBundle({ url: '/openapi.json', dom_id: '#operations', deepLinking: true, validatorUrl: null });
