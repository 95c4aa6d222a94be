/** Customers of the Dapr lab as its clients send them, without the optional fields. */
export const corinne = {
  firstName: 'Corinne',
  lastName: 'Lopez',
  city: 'Enschede',
  connectionId: '7733',
  connectionMandate: '1',
};
/** Customer 7 of the CSV, who grants real-time reading. */
export const corinneInRealTime = { ...corinne, connectionMandate: '2' };
/** Customer 5 of the CSV, who grants real-time reading. */
export const markusInRealTime = {
  firstName: 'Markus',
  lastName: 'Berg',
  city: 'Maassluis',
  connectionId: '4512',
  connectionMandate: '2',
};
/** Not in the CSV. */
export const molly = {
  firstName: 'Molly',
  lastName: 'Peterson',
  city: 'Zeewolde',
  connectionId: '928',
  connectionMandate: '0',
};
