// A validator badge would send the address of the document to a server of others.
window.SwaggerUIBundle({ url: '/openapi.json', dom_id: '#operations', deepLinking: true, validatorUrl: null });
