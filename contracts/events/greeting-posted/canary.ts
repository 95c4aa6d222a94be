/**
 * The greetingId of every canary: a greeting with which `npm run doctor` checks the path from the CRM to the customer-view. One id for
 * all, so that a view holds only the latest canary.
 */
export const canaryGreetingId = 'ca4a5100-d0c7-4000-8000-000000000000';
