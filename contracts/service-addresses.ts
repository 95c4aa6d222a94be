/** Under which variables and ports the services of this project are reached: a command finds a service by its entry. */
export const serviceAddresses = {
  crm: { id: 'crm', name: 'CRM', urlVariable: 'CRM_URL', portVariable: 'APP_PORT', defaultPort: 3005 },
  iotPlatform: {
    id: 'iot-platform',
    name: 'IoT platform',
    urlVariable: 'IOT_PLATFORM_URL',
    portVariable: 'APP_REST_PORT',
    defaultPort: 3008,
  },
  customerView: {
    id: 'customer-view',
    name: 'customer-view',
    urlVariable: 'CUSTOMER_VIEW_URL',
    portVariable: 'CUSTOMER_VIEW_PORT',
    defaultPort: 3010,
  },
} as const;
