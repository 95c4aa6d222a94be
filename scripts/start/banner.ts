type Urls = { readonly crm: string; readonly iotPlatform: string; readonly customerView: string };

/** What npm start prints when all services listen: their addresses, the operator token if it is new, and commands to try. */
export const formatBanner = ({ crm, iotPlatform, customerView }: Urls, operatorToken?: string): string => `
  CRM            ${crm}  docs: ${crm}/docs
  IoT platform   ${iotPlatform}  docs: ${iotPlatform}/docs
  customer-view  ${customerView}  docs: ${customerView}/docs
  console        ${crm}/console
${operatorToken === undefined ? '' : `\n  Operator token  ${operatorToken}\n`}
  Try:
    curl ${crm}/customers/7
    curl ${iotPlatform}/mandates/7733
    curl -X POST ${crm}/customers/7 -H 'Content-Type: application/json' -d '{"firstName":"Corinne","lastName":"Lopez","city":"Enschede","connectionId":"7733","connectionMandate":"2"}'
    curl '${iotPlatform}/?connectionId=7733'
    curl -X POST ${crm}/orders -H 'Content-Type: application/json' -d '{"customerId":"7","productId":"p1","quantity":3,"unitPrice":{"amount":1999,"currency":"EUR"},"expectedDeliveryDate":"2026-12-24"}'
    curl ${customerView}/customers/7/orders

  Ctrl-C stops.
`;
